"""disklog.py - what a disk had kept when the power went: the other half of diskshim.c.

`Disk` knows a tree of files as it was when nothing was pending, reads the storage calls that diskshim.so wrote down since, and makes of the
tree what could be there after a power cut at that moment. The rules are those of POSIX and of no particular file system: the bytes and the
size of a file are durable once that file is synced, a name once its folder is synced. Everything else may be there or not:

    drop      nothing that was not synced
    keep      everything: the programs alone were killed
    order     everything up to one moment in between, as a journalling file system keeps it
    names     all names, no bytes: what delayed allocation leaves
    torn      each name and each sector of each write for itself, sizes old or new
"""
import mmap
import os
import stat
import struct

HEADER_BYTES = 4096
MACHINES = 8
FIELDS = ("ready", "calls", "cut_at", *(f"dies{m}" for m in range(MACHINES)), "dead", "end", "room", *(f"group{m}" for m in range(MACHINES)), "cut_by", "odd")
RECORD = struct.Struct("<IIQQQQII")
WRITE, SIZE, SYNC, MAKE, FOLDER, UNLINK, RENAME, LINK = range(1, 9)
MODES = ("drop", "keep", "order", "names", "torn")
SECTOR = 512


class Log:
    """The file that all shims share."""

    def __init__(self, path, room=256 << 20):
        self.path = path
        with open(path, "wb") as file:
            file.truncate(HEADER_BYTES + room)
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), 0)
        self["room"] = room
        self.at = 0  # bytes of records that were taken

    def __getitem__(self, name):
        return struct.unpack_from("<Q", self.map, 8 * FIELDS.index(name))[0]

    def __setitem__(self, name, value):
        struct.pack_into("<Q", self.map, 8 * FIELDS.index(name), value)

    def take(self):
        """The records since the last time: (op, machine, file, folder, other, at, bytes, more bytes)."""
        found = []
        at, end = HEADER_BYTES + self.at, HEADER_BYTES + self["end"]
        while at < end:
            op, machine, file, folder, other, where, len1, len2 = RECORD.unpack_from(self.map, at)
            body = at + RECORD.size
            found.append((op, machine, file, folder, other, where, self.map[body:body + len1], self.map[body + len1:body + len1 + len2]))
            at += (RECORD.size + len1 + len2 + 7) // 8 * 8
        self.at = end - HEADER_BYTES
        return found

    def forget(self):
        """Begin at the front again; no program runs."""
        self["end"] = self.at = 0

    def close(self):
        self.map.close()
        os.unlink(self.path)


class File:
    def __init__(self, mode, data=b""):
        self.mode = mode
        self.data = bytearray(data)  # what is durable
        self.pending = []  # (number, op, offset or size, bytes)
        self.clean = False  # the real file has exactly these bytes

    def apply(self, changes):
        for _, op, at, data in changes:
            if op == WRITE:
                if at > len(self.data):
                    self.data.extend(bytes(at - len(self.data)))
                self.data[at:at + len(data)] = data
            elif at < len(self.data):
                del self.data[at:]
            else:
                self.data.extend(bytes(at - len(self.data)))
        self.pending = [change for change in self.pending if change not in changes] if len(changes) < len(self.pending) else []


class Folder:
    def __init__(self, mode):
        self.mode = mode
        self.names = {}  # durable
        self.pending = []  # (number, {name: node or None})

    def apply(self, changes):
        for _, names in changes:
            for name, node in names.items():
                if node is None:
                    self.names.pop(name, None)
                else:
                    self.names[name] = node
        self.pending = []


class Disk:
    """The tree below one folder. `ignored(path)` names what is not on the disk: sockets, messages."""

    def __init__(self, top, log, ignored=lambda path: False, lose_syncs=False):
        self.top, self.log, self.ignored, self.lose_syncs = top, log, ignored, lose_syncs
        self.number = 0
        self.read()

    def read(self):
        """Take the tree as it is for durable; no program runs."""
        self.log.forget()
        self.nodes = {}  # inode number -> node
        self.root = self._read(self.top)

    def _read(self, path):
        st = os.lstat(path)
        if stat.S_ISDIR(st.st_mode):
            node = self.nodes[st.st_ino] = Folder(stat.S_IMODE(st.st_mode))
            for name in os.listdir(path):
                inner = os.path.join(path, name)
                if not self.ignored(inner) and (os.path.isdir(inner) or os.path.isfile(inner)):
                    node.names[name] = self._read(inner)
        elif st.st_ino in self.nodes:
            node = self.nodes[st.st_ino]
        else:
            with open(path, "rb") as file:
                node = self.nodes[st.st_ino] = File(stat.S_IMODE(st.st_mode), file.read())
            node.clean = True
        return node

    def follow(self):
        """Take in what the programs did since the last time."""
        for op, _, file, folder, other, at, one, two in self.log.take():
            self.number += 1
            name = one.decode() if op not in (WRITE, SIZE, SYNC) else ""
            if op in (WRITE, SIZE):
                node = self.nodes.get(file)
                if node is not None:
                    node.pending.append((self.number, op, at, one))
                    node.clean = False
            elif op == SYNC and not self.lose_syncs and file in self.nodes:
                node = self.nodes[file]
                node.apply(node.pending)
            elif op in (MAKE, FOLDER):
                self.nodes[file] = File(at) if op == MAKE else Folder(at)
                self._names(folder, {name: self.nodes[file]})
            elif op == UNLINK:
                self._names(folder, {name: None})
            elif op == LINK:
                self._names(folder, {name: self.nodes[file]})
            elif op == RENAME and folder == other:
                self._names(folder, {two.decode(): None, name: self.nodes[file]})
            elif op == RENAME:
                self._names(other, {two.decode(): None})
                self._names(folder, {name: self.nodes[file]})

    def _names(self, folder, names):
        if folder in self.nodes:
            self.nodes[folder].pending.append((self.number, names))

    # the cut
    def settle(self, mode, chance, lost):
        """What was pending is kept or not, by this mode; outside of the folders `lost` everything is kept."""
        hit = set()
        for top in lost:
            self._reach(self._at(top), hit)
        moments = sorted(change[0] for node in self.nodes.values() if id(node) in hit for change in node.pending)
        until = chance.choice([0, *moments])
        for node in list(self.nodes.values()):
            if not node.pending:
                continue
            if id(node) not in hit or mode == "keep":
                node.apply(node.pending)
            elif isinstance(node, Folder):
                node.apply([change for change in node.pending if self._keeps(change, mode, chance, until)])
            elif mode == "torn":
                self._tear(node, chance)
            else:
                node.apply([change for change in node.pending if mode == "order" and change[0] <= until])
            node.pending = []

    def _keeps(self, change, mode, chance, until):
        return {"drop": False, "order": change[0] <= until, "names": True, "torn": chance.random() < 0.5}[mode]

    def _tear(self, node, chance):
        """Each sector for itself; the size is that of one moment. What a truncation cut away is gone with that size, and only with it."""
        size = len(node.data)
        sizes = [(0, size)]
        for number, op, at, data in node.pending:
            size = max(size, at + len(data)) if op == WRITE else at
            sizes.append((number, size))
        until, size = chance.choice(sizes)
        kept = []
        for number, op, at, data in node.pending:
            if op == SIZE:
                kept += [(number, SIZE, at, b"")] if number <= until else []
                continue
            first = at
            while first < at + len(data):
                last = min(at + len(data), (first // SECTOR + 1) * SECTOR)
                if chance.random() < 0.5:
                    kept.append((number, WRITE, first, data[first - at:last - at]))
                first = last
        node.apply(kept)
        node.apply([(0, SIZE, size, b"")])

    def _at(self, path):
        """The folder at this path, pending names counted; None: there is none."""
        node = self.root
        for part in os.path.relpath(path, self.top).split(os.sep):
            if part == ".":
                continue
            names = dict(node.names)
            for _, changes in node.pending:
                names.update(changes)
            node = names.get(part)
            if node is None:
                return None
        return node

    def _reach(self, node, found):
        """Everything that is or was below this folder."""
        if node is None or id(node) in found:
            return
        found.add(id(node))
        if isinstance(node, Folder):
            for inner in node.names.values():
                self._reach(inner, found)
            for _, names in node.pending:
                for inner in names.values():
                    self._reach(inner, found)

    def write_back(self, tops):
        """Make the real tree below these folders what `settle` left; no program uses them now."""
        written = {}
        for top in tops:
            node = self._at(top)
            if node is None:
                _remove(top)
            else:
                self._write(node, top, written)
        for top in tops:
            if self._at(top) is not None:
                self._number(self._at(top), top)

    def _write(self, node, path, written):
        if self.ignored(path) and os.path.lexists(path):
            return
        if isinstance(node, Folder):
            if not os.path.isdir(path):
                _remove(path)
                os.mkdir(path, node.mode)
            for name in os.listdir(path):
                if name not in node.names:
                    _remove(os.path.join(path, name), self.ignored)
            for name, inner in node.names.items():
                self._write(inner, os.path.join(path, name), written)
            return
        if id(node) in written:
            _remove(path)
            os.link(written[id(node)], path)
            return
        if not (node.clean and os.path.lexists(path) and self.nodes.get(os.lstat(path).st_ino) is node):
            _remove(path)
            with open(path, "wb") as file:
                file.write(node.data)
            os.chmod(path, node.mode)
        written[id(node)] = path

    def _number(self, node, path):
        if not os.path.lexists(path):  # ignored: the next start makes it
            return
        self.nodes[os.lstat(path).st_ino] = node
        if isinstance(node, Folder):
            for name, inner in node.names.items():
                self._number(inner, os.path.join(path, name))
        else:
            node.clean = True

    # the check of the shim itself
    def differs(self):
        """Where the calls that were followed do not give the tree that is there: the shim missed one. Else nothing."""
        found = []
        self._compare(self.root, self.top, found)
        return found

    def _compare(self, node, path, found):
        if isinstance(node, Folder):
            names = dict(node.names)
            for _, changes in node.pending:
                names.update(changes)
            names = {name for name, inner in names.items() if inner is not None and not self.ignored(os.path.join(path, name))}
            real = {name for name in os.listdir(path) if not self.ignored(os.path.join(path, name))}
            found += [os.path.join(path, name) for name in names ^ real]
            for name in names & real:
                self._compare(self._at(os.path.join(path, name)), os.path.join(path, name), found)
            return
        whole = File(node.mode, node.data)
        whole.apply(node.pending)
        with open(path, "rb") as file:
            if file.read() != whole.data:
                found.append(path)


def _remove(path, ignored=lambda path: False):
    if os.path.isdir(path) and not os.path.islink(path):
        for name in os.listdir(path):
            _remove(os.path.join(path, name))
        os.rmdir(path)
    elif os.path.lexists(path) and not ignored(path):
        os.unlink(path)
