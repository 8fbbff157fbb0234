export default async () => { process.env.X_GLOBAL="1" }
