using Tideline.Host.Commands;

return await CommandTree.RunAsync(CommandTree.Build(), args);
