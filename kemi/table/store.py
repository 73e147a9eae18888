"""The routing table on disk: an LMDB environment that one compiler writes and all SIP workers map.

What LMDB wants, and why each line here is as it is (kemi/decisions/0003):

* an environment opened before a fork works silently on the parent's reader slot, so each process opens its
  own, at its first read, and closes what it inherited. No transaction is kept in reserve (`max_spare_txns`):
  the child's closing would free the parent's slot;
* the file is never replaced or resized: `MAP_SIZE` is address space, not disk;
* readers killed with -9 keep their slots until `reader_check()`, done at every opening and by the compiler.

Keys: `v` the format, `h:+84…` hotline, `G:<id>` group, `t:<id>` tenant, `p:<id>` plan, `g:<id>` gateway, `a:<ip>` trunk
address.
Values: msgpack of the structs in `kemi.domain.model`; `v` comes last, so a table half built is no table. `s` is the
compiler's own note of how far it has come.
"""

import fcntl
import os
from collections.abc import Iterator, Mapping
from itertools import islice, takewhile
from pathlib import Path
from typing import Any, Final, TypeVar

import lmdb
import msgspec

from kemi.domain.model import Gateway, Group, Hotline, Plan, Tenant, TrunkAddress
from kemi.errors import TableUnavailable
from kemi.table.keys import address_key, hotline_key, id_key

FORMAT: Final = b"2"
MAP_SIZE: Final = 16 << 30  # bytes of address space; a hotline takes about 400 of them
_MOST_KEPT: Final = 1024  # decoded records a process keeps, 2 KiB each at most: its memory must not grow with the table
MAX_READERS: Final = 1024  # processes of this machine that may read, several times what there are

_FORMAT_KEY: Final = b"v"
_HORIZON_KEY: Final = b"s"
_Record = TypeVar("_Record", Hotline, Group, Tenant, Plan, Gateway, TrunkAddress)


class TableReader:
    """`kemi.ports.RoutingTable` over the table in a directory; made anywhere, opened by whoever reads."""

    def __init__(self, directory: Path) -> None:
        self._directory = str(directory)
        self._env: Any = None
        self._pid = 0
        self._seen = 0  # the transaction that the last look saw; 0: nobody looks, every read is of the newest state
        self._kept: dict[bytes, Any] = {}  # records as that transaction left them
        self._hotline = msgspec.msgpack.Decoder(Hotline)
        self._group = msgspec.msgpack.Decoder(Group)
        self._tenant = msgspec.msgpack.Decoder(Tenant)
        self._plan = msgspec.msgpack.Decoder(Plan)
        self._gateway = msgspec.msgpack.Decoder(Gateway)
        self._address = msgspec.msgpack.Decoder(TrunkAddress)

    def look(self) -> None:
        """See the newest state; what is read until the next look may be what this one saw. 1 µs where nothing changed.

        Never raises: what cannot be looked at cannot be read either, and says so then.
        """
        try:
            if self._env is None or self._pid != os.getpid():
                self._open()
            with self._env.begin() as txn:
                seen = txn.id()
        except lmdb.Error:
            seen = 0
        if seen != self._seen:
            self._kept.clear()
            self._seen = seen

    def hotline(self, number: str) -> Hotline | None:
        """Return the hotline of an E.164 `number`. Raises `TableUnavailable`, as all of these."""
        return self._read(hotline_key(number), self._hotline)

    def group(self, group_id: int) -> Group | None:
        """Return the group with this id."""
        return self._read(id_key("G", group_id), self._group)

    def group_of(self, number: str) -> Group | None:
        """Return the group that the hotline of an E.164 `number` rings where no schedule holds."""
        hotline = self.hotline(number)
        return None if hotline is None or hotline.group is None else self.group(hotline.group)

    def tenant(self, tenant_id: int) -> Tenant | None:
        """Return the tenant with this id."""
        return self._read(id_key("t", tenant_id), self._tenant)

    def plan(self, plan_id: int) -> Plan | None:
        """Return the plan with this id."""
        return self._read(id_key("p", plan_id), self._plan)

    def gateway(self, gateway_id: int) -> Gateway | None:
        """Return the gateway with this id."""
        return self._read(id_key("g", gateway_id), self._gateway)

    def gateways(self) -> list[Gateway]:
        """Return every gateway; for those who are not on a call's way."""
        try:
            self._get(_FORMAT_KEY)
            with self._env.begin() as txn, txn.cursor() as cursor:
                found = takewhile(lambda item: item[0].startswith(b"g:"), cursor if cursor.set_range(b"g:") else ())
                return [self._gateway.decode(value) for _, value in found]
        except (lmdb.Error, msgspec.DecodeError) as error:
            raise TableUnavailable(f"the routing table cannot be read: {error}") from error

    def trunk_address(self, ip: str) -> TrunkAddress | None:
        """Return the trunk that calls from `ip` belong to; None for an address that is none, too."""
        try:
            key = address_key(ip)
        except ValueError:
            return None
        return self._read(key, self._address)

    def close(self) -> None:
        """Give the reader slot back; the next read opens again."""
        if self._env is not None:
            self._env.close()
        self._env = None

    def _read(self, key: bytes, decoder: "msgspec.msgpack.Decoder[_Record]") -> _Record | None:
        kept: _Record | None = self._kept.get(key)
        return kept if kept is not None else self._read_anew(key, decoder)

    def _read_anew(self, key: bytes, decoder: "msgspec.msgpack.Decoder[_Record]") -> _Record | None:
        try:
            raw = self._get(key)
        except lmdb.Error as first:
            # Such as a slot that an operator's mdb_stat -rr took from us: a new environment gets a new one.
            try:
                self.close()
                raw = self._get(key)
            except lmdb.Error:
                raise TableUnavailable(f"the routing table cannot be read: {first}") from first
        try:
            record = None if raw is None else decoder.decode(raw)
        except msgspec.DecodeError as error:
            raise TableUnavailable(f"a record of the routing table cannot be read: {error}") from error
        if self._seen and record is not None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[key] = record
        return record

    def _get(self, key: bytes) -> bytes | None:
        if self._env is None or self._pid != os.getpid():
            self._open()
        with self._env.begin() as txn:
            if txn.get(_FORMAT_KEY) != FORMAT:
                raise TableUnavailable("the routing table is not built yet, or of another format")
            raw: bytes | None = txn.get(key)
        return raw

    def _open(self) -> None:
        self._kept, self._seen = {}, 0
        self.close()  # one inherited over a fork: LMDB allows a process one environment per file
        self._env = lmdb.open(
            self._directory, map_size=MAP_SIZE, max_readers=MAX_READERS, readonly=True, create=False, max_spare_txns=0
        )
        self._pid = os.getpid()
        self._env.reader_check()


class TableWriter:
    """The one writer of the table in a directory. Closed by `close()` or a `with`."""

    def __init__(self, directory: Path) -> None:
        """Open the table, make it where there is none. Raises `TableUnavailable` while another process writes it."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = os.open(directory / "writer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._env: Any = lmdb.open(
                str(directory), map_size=MAP_SIZE, max_readers=MAX_READERS, mode=0o600, max_spare_txns=0
            )
        except (BlockingIOError, lmdb.Error) as error:
            os.close(self._lock)
            raise TableUnavailable(f"the routing table cannot be written: {error}") from error
        self._env.reader_check()
        self._forget_other_format()

    def __enter__(self) -> "TableWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the table and let another process write it."""
        self._env.close()
        os.close(self._lock)

    def apply(self, changes: Mapping[bytes, bytes | None]) -> int:
        """Write `changes` (None deletes the key) in one transaction; return how many differed from what was there.

        Raises `lmdb.Error`, with nothing written, where the disk or the map is full.
        """
        written = 0
        if not changes:
            return written
        with self._env.begin(write=True) as txn:
            for key, value in changes.items():
                if value is None:
                    written += txn.delete(key)
                elif txn.get(key) != value:
                    txn.put(key, value)
                    written += 1
        return written

    def finish(self) -> None:
        """Say that the table is complete: from now on it can be read."""
        self.apply({_FORMAT_KEY: FORMAT})

    def keep_horizon(self, horizon: str) -> None:
        """Note that everything that this snapshot of PostgreSQL could see is in the table."""
        self.apply({_HORIZON_KEY: horizon.encode()})

    def horizon(self) -> str:
        """Return what was noted, "" if nothing was."""
        with self._env.begin() as txn:
            noted: bytes = txn.get(_HORIZON_KEY, b"")
        return noted.decode()

    def items(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield the keys that begin with `prefix` and their values, in order, from one snapshot."""
        with self._env.begin() as txn, txn.cursor() as cursor:
            if cursor.set_range(prefix):
                for key, value in cursor:
                    if not key.startswith(prefix):
                        return
                    yield key, value

    def keys(self, prefix: bytes, after: bytes, most: int) -> list[bytes]:
        """Return the next keys that begin with `prefix`, those after `after` (at first: the prefix)."""
        with self._env.begin() as txn, txn.cursor() as cursor:
            found = cursor.iternext(values=False) if cursor.set_range(after + b"\0") else ()
            return list(islice(takewhile(lambda key: key.startswith(prefix), found), most))

    def free_dead_readers(self) -> int:
        """Give back the slots of killed readers, whose snapshots keep old pages alive; return how many."""
        freed: int = self._env.reader_check()
        return freed

    def _forget_other_format(self) -> None:
        with self._env.begin(write=True) as txn:
            if txn.get(_FORMAT_KEY) not in {None, FORMAT}:
                txn.drop(self._env.open_db(None, txn=txn), delete=False)
