using Tideline.Host.Commands;

return await CommandTree.RunAsync(args);
