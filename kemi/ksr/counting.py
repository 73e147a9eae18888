"""The events of counted calls, as they are written, also count: begun, freed, over.

So the counters follow the very events that kemi.watch holds them to. First the event, then the counter: an event may be
there without its count, which the watch puts right, never the reverse. Any other call costs one look at its id.
"""

from kemi.domain.events import Answered, Ended, Event, Failed, Missed, Offered, Received
from kemi.domain.limits import COUNTED_DIGITS, attempt_of, channels, held_by
from kemi.ksr.counters import OpenCalls
from kemi.ports import EventSink


class CountingSink:
    """`kemi.ports.EventSink` before another one."""

    def __init__(self, sink: EventSink, calls: OpenCalls) -> None:
        self._put = sink.put
        self._calls = calls

    def put(self, event: Event) -> None:
        """Write the event, and count by it."""
        self._put(event)
        if event.call[-1:] in COUNTED_DIGITS:  # as is_counted_id, without the call: every event comes here
            self._count(event)

    def _count(self, event: Event) -> None:
        match event:
            case Received():
                self._calls.begin(event.call, held_by(event))
            case Offered():
                self._calls.more(event.call, channels(event))
            case Failed():
                self._calls.leg_over(event.call, attempt_of(event))
            case Answered():
                self._calls.answered(event.call, attempt_of(event))
            case Missed() | Ended():
                self._calls.over(event.call)
            case _:
                return
