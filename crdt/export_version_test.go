package crdt

// OldestVersion is the oldest version of frames.
const OldestVersion = oldestVersion
