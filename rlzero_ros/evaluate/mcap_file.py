"""Recordings as MCAP files that Foxglove, PlotJuggler and `ros2 bag` read as well.

Written in small chunks without a buffer: a recording whose process was killed, or whose disk was
full, is good up to the last of them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from mcap.exceptions import McapError
from mcap.records import Channel, Message, Metadata, Schema
from mcap.stream_reader import StreamReader
from mcap.writer import CompressionType, Writer
from mcap_ros2.decoder import DecoderFactory

from .. import __version__
from ..errors import DataError

METADATA = "rlzero"
_CHUNK_BYTES = 1 << 16
_LARGEST_RECORD = 1 << 26
# What a damaged or cut file raises, by mcap's own errors and by what lies below them.
_BROKEN = (struct.error, McapError, ValueError, EOFError, KeyError, IndexError)


class McapRecording:
    """One file that grows. OSError from any method but `abandon`: the disk is full or gone."""

    def __init__(self, path: Path, metadata: Mapping[str, str]) -> None:
        """Begin a new file; FileExistsError if there is one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._stream: _Unbuffered | None = _Unbuffered(path)
        self._writer = Writer(
            cast(IO[bytes], self._stream),
            chunk_size=_CHUNK_BYTES,
            compression=CompressionType.LZ4,
        )
        self._writer.start(profile="ros2", library=f"rlzero_ros {__version__}")
        self._writer.add_metadata(METADATA, dict(metadata))
        self._schemas: dict[str, int] = {}
        self._channels: dict[str, int] = {}

    def add_topic(self, topic: str, kind: str, definition: str) -> None:
        """Announce a topic; kind: package/msg/Name; definition: text, with all that it uses."""
        if kind not in self._schemas:
            text = definition.encode()
            self._schemas[kind] = self._writer.register_schema(kind, "ros2msg", text)
        self._channels[topic] = self._writer.register_channel(topic, "cdr", self._schemas[kind])

    def write(self, topic: str, data: bytes, time_ns: int) -> None:
        """Add a serialized message that was received at time_ns (nanoseconds since 1970)."""
        if self._stream is not None:
            self._writer.add_message(self._channels[topic], time_ns, data, time_ns)

    def flush(self) -> None:
        """End the chunk under way: what was written up to now is safe from a kill."""
        if self._stream is not None:
            self._writer.flush()

    def finish(self) -> None:
        """Write the index and close; nothing if that has been done."""
        if self._stream is not None:
            self._writer.finish()
            self.abandon()

    def abandon(self) -> None:
        """Close the file as it is; what reached the disk stays readable."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None


class _Unbuffered:
    """A file without a buffer: nothing is left to be written when it is closed after an error."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb", buffering=0)
        self._position = 0

    def write(self, data: bytes) -> int:
        rest = memoryview(data)
        while len(rest):
            count = self._file.write(rest)
            self._position += count
            rest = rest[count:]
        return len(data)

    def tell(self) -> int:
        return self._position

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        self._file.close()


@dataclass(frozen=True)
class RecordedMessage:
    """topic: name without namespace. time_ns: when received. message: fields as its definition."""

    topic: str
    time_ns: int
    message: Any


class McapReader:
    """Messages of a recording, in order of writing, from front to back: a cut file has no index.

    metadata: what the recorder wrote about it, once iteration has begun. cut: after iteration, why
    the file ends before its end; empty if it does not.
    """

    def __init__(self, path: Path, topics: Sequence[str]) -> None:
        """Read topics of these names, in whatever namespace."""
        self.path, self._topics = path, frozenset(topics)
        self.metadata: dict[str, str] = {}
        self.cut = ""
        self._schemas: dict[int, Schema] = {}
        self._channels: dict[int, Channel] = {}
        self._decoders: dict[int, Callable[[bytes], Any]] = {}
        self._factory = DecoderFactory()

    def __iter__(self) -> Iterator[RecordedMessage]:
        """Raises DataError if there is no such file, or it is no recording of this package."""
        try:
            with self.path.open("rb") as stream:
                reader = StreamReader(stream, validate_crcs=True, record_size_limit=_LARGEST_RECORD)
                for record in reader.records:
                    yield from self._take(record)
        except OSError as error:
            raise DataError(f"cannot read {self.path}: {error.strerror}") from error
        except _BROKEN as error:
            self.cut = f"{type(error).__name__} {error}".strip()
        if not self.metadata:
            raise DataError(
                f"{self.path} is no recording of rlzero_ros ({self.cut or 'made by another'}); "
                "recorder_node makes one"
            )

    def _take(self, record: Any) -> Iterator[RecordedMessage]:
        if isinstance(record, Schema):
            self._schemas[record.id] = record
        elif isinstance(record, Channel):
            self._channels[record.id] = record
        elif isinstance(record, Metadata) and record.name == METADATA:
            self.metadata.update(record.metadata)
        elif isinstance(record, Message):
            channel = self._channels[record.channel_id]
            name = channel.topic.rpartition("/")[2]
            if name in self._topics:
                message = self._decoder(channel)(record.data)
                yield RecordedMessage(name, record.log_time, message)

    def _decoder(self, channel: Channel) -> Callable[[bytes], Any]:
        if channel.id not in self._decoders:
            schema = self._schemas.get(channel.schema_id)
            decoder = self._factory.decoder_for(channel.message_encoding, schema)
            if decoder is None:
                raise ValueError(f"{channel.topic} is encoded as {channel.message_encoding!r}")
            self._decoders[channel.id] = decoder
        return self._decoders[channel.id]
