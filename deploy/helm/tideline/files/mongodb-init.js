// Makes the replica set, and the user for the views. Run again it changes nothing but that user's password, to that of the secret.
const fs = require("fs");
const secret = name => fs.readFileSync(`/run/secrets/tideline/${name}`, "utf8").replace(/\s/g, "");
const members = process.env.MEMBERS.split(",");
const views = process.env.TIDELINE_NAME;

// Whoever has the members' key may do what members may.
const member = `mongodb://__system:${encodeURIComponent(secret("mongodb-key"))}@`;
const options = "authSource=local&serverSelectionTimeoutMS=120000";

const first = new Mongo(`${member}${members[0]}/?directConnection=true&${options}`).getDB("admin");
try {
  first.runCommand({ replSetGetStatus: 1 });
} catch (fault) {
  if (fault.codeName !== "NotYetInitialized") throw fault;
  first.runCommand({ replSetInitiate: { _id: "rs0", members: members.map((host, _id) => ({ _id, host })) } });
}

const admin = new Mongo(`${member}${members.join(",")}/?replicaSet=rs0&${options}`).getDB("admin");
const user = {
  pwd: secret("mongodb-password"),
  roles: [{ role: "readWrite", db: views }, { role: "dbAdmin", db: views }, { role: "read", db: "local" }],
};
if (admin.getUser("tideline")) admin.updateUser("tideline", user);
else admin.createUser("tideline", user);
print(`The replica set rs0 of ${members.join(", ")} is made.`);
