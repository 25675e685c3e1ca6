// Package filebackend keeps entries in the files of a folder, bounded in bytes.
// They outlive the process, and all processes of the machine that open the folder
// share them, their invalidations too. It is for a site on one machine that is
// restarted, or runs as several processes, and has no Redis. Importing it
// registers the scheme "file" with package fragment.
//
// # URL
//
//	file:///var/cache/site?max=1GiB&sweep=1m
//
// The path begins at the root. The parameters may be left out; they are those of
// [Options]. The folder is created with mode 0700 if it is not there. It should
// be used for nothing else, and is refused if every user may write to it.
//
// # In the folder
//
// An entry is a file of mode 0600 in one of 64 folders, by a hash of its key. It
// is written under another name and then renamed, so that it is seen whole or
// not at all, and carries its key, its length, its deadline and checksums: what a
// crash has cut off, or anybody has put there, is a miss. Links are neither
// followed nor written through.
//
// Values of up to 32 bytes are records of one file, the table, instead: the
// stamps by which processes tell each other what was invalidated, several of
// which are read on each hit, and leases. It takes a 32nd of Max, as a
// sparse file. When the eight records of a bucket are in use, the one that ends
// soonest makes room.
//
// # Bound
//
// Max bounds what all processes keep in the folder together: files, in whole
// blocks of 4 KiB each, and the table. Folders and inodes are not counted. It may
// be exceeded, for the moment, by what is being written: one value for each
// write under way. When it is full, entries make room that were not used
// recently, found by sampling; a use counts if the last one was a minute before.
// A value may have an eighth of the bound.
//
// How full the folder is stands in the table. Nothing is listed to open it,
// however large it is. The sweeper, a goroutine that Close ends, removes what is
// past its ttl and counts anew, and takes a twentieth of one CPU at most.
//
// # Faults
//
// A full disk, one that may not be written to and a folder of another user are
// errors of the calls that write, and leave no half file; what can be read is
// read still. Nothing is forced to the disk (fsync): after a crash of the machine
// some of the last entries are missing.
//
// A process that dies leaves no lock. One that is stopped while it has the
// lock of a shard keeps others from writing to it: they wait until their ctx
// ends. Nobody who reads waits for a lock. A disk that hangs hangs the call,
// whatever its ctx.
//
// If somebody removes the folder while it is in use, all who use it make it
// anew at their next call.
//
// # Limits
//
// It needs a file system of this machine: on NFS and its like, locks, and what
// others wrote a moment ago, cannot be relied on. Deadlines go by the
// wall clock. Where the system has no flock, as on Windows, one process at a time
// may use a folder. A Backend keeps up to 131 files open.
//
// To replace an entry is dearer than to add one where the file system writes
// a file to the disk before it is renamed over another one, as ext4 does unless
// it is mounted with noauto_da_alloc: some 1 ms in place of 0.1 ms or less.
package filebackend
