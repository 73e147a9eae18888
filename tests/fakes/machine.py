"""The fake process: dispatches every KSR call, runs the callbacks as app_python3 does, keeps what was done."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from tests.fakes.message import MisplacedError
from tests.fakes.state import Address, Call, Context, Iterator, Sent, Transaction
from tests.fakes.surface import MisuseError, Spec, UnknownNameError, load

IMPLEMENTED: Final[dict[str, Callable[..., Any]]] = {}
PASS: Final = object()  # what a fault returns to let the call through
MAX_ITERATORS: Final = 4
_LOGS: Final = frozenset({"dbg", "info", "notice", "warn", "err", "crit", "log"})


Implementation = TypeVar("Implementation", bound=Callable[..., Any])


def kemi(*names: str) -> Callable[[Implementation], Implementation]:
    """Register the decorated function, called with the machine and the arguments, as KSR's `names`."""

    def register(function: Implementation) -> Implementation:
        IMPLEMENTED.update(dict.fromkeys(names, function))
        return function

    return register


class Machine:
    """One Kamailio process with one UDP socket, `listen`. `handler` is what the script's mod_init returned."""

    def __init__(self, handler: Any = None, listen: Address = ("127.0.0.1", 5060), max_branches: int = 30) -> None:
        self.handler = handler
        self.listen = listen
        self.max_branches = max_branches
        self.disable_6xx = False  # tm's disable_6xx_block
        self.memory = 1 << 31, 1 << 31  # shared: free bytes, all
        self.specs: dict[str, Spec] = load()
        self.context: Context | None = None
        self.transactions: list[Transaction] = []
        self.iterators: dict[str, Iterator] = {}
        self.iterator_names: dict[str, None] = {}  # every name ever started, in order
        self.armed: dict[str, Any] = {}  # what t_on_… was told before there was a transaction
        self.tables: dict[str, dict[str, Any]] = {}  # htable's
        self.own_branches: set[str] = set()  # of requests that are our own
        self.asleep: list[tuple[str, Transaction]] = []  # what async.ms_route suspended: callback and transaction
        self.sent: list[Sent] = []
        self.calls: list[Call] = []
        self.logged: list[tuple[str, str]] = []
        self.misuses: list[str] = []
        self.escaped: list[tuple[str, BaseException]] = []
        self.lenient = False  # settle keeps what it found, for tests that break things on purpose
        self.traffic: list[tuple[Address, Address, bytes]] = []  # everything in and out: from, to, bytes
        self.fault: Callable[[Call], Any] | None = None

    # -- calls --------------------------------------------------------------------------------------------------

    def dispatch(self, name: str, args: tuple[Any, ...]) -> Any:
        """Do one KSR call; raises `MisuseError`, or what the real one raises, or what `fault` raises."""
        route = self.context.route if self.context else "start"
        call = Call(len(self.calls), route, name, args)
        self.calls.append(call)
        try:
            self.specs[name].check(args)
            if name not in IMPLEMENTED:
                raise MisuseError(f"KSR.{name} is real but not faked: write it in tests/fakes")
            if self.context is None and name not in _LOGS:
                raise MisuseError(f"KSR.{name} needs a message; there is none in mod_init and child_init")
            answer = self.fault(call) if self.fault else PASS
            if answer is PASS:
                answer = IMPLEMENTED[name](self, *args)
            return self.specs[name].check_return(answer)
        except (MisuseError, MisplacedError, AssertionError) as error:
            self.misuses.append(f"in {route}: {error}")
            raise

    def missing(self, text: str) -> MisuseError:
        """Return the error for a name that KSR does not have."""
        error = UnknownNameError(text)
        self.misuses.append(text)
        return error

    # -- where we are -------------------------------------------------------------------------------------------

    @property
    def here(self) -> Context:
        """The running callback's context."""
        assert self.context is not None, "no callback is running"
        return self.context

    def must_be_in(self, name: str, *routes: str) -> Context:
        """Return the context; a `MisuseError` if `name` is called in a route where the real one refuses it."""
        if self.here.route not in routes:
            raise MisuseError(f"KSR.{name} is of no use in {self.here.route}")
        return self.here

    def transaction(self) -> Transaction | None:
        """The transaction of the message in hand."""
        return self.here.transaction

    # -- callbacks ----------------------------------------------------------------------------------------------

    def run(self, callback: str, context: Context) -> Context:
        """Run a callback as app_python3 does: an exception is only logged, whatever it was to protect goes on."""
        method = getattr(self.handler, callback, None)
        if method is None:
            self.misuses.append(f"the callback {callback!r} does not exist: the real one would go on without it")
            return context
        before, self.context = self.context, context
        try:
            result = method(object())
            if type(result) is not int:
                self.misuses.append(f"{callback} returned {result!r}, not an int")
        except SystemExit:
            pass
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self.escaped.append((callback, error))
        finally:
            self.context = before
        for name in context.iterators:
            self.iterators.pop(name, None)
            self.misuses.append(f"{callback} left the header iterator {name!r} open")
        context.iterators.clear()
        return context

    def settle(self) -> None:
        """Raise AssertionError for every misuse and every exception that got out of a callback; forgets them."""
        if self.lenient:
            return
        misuses, self.misuses = self.misuses, []
        escaped, self.escaped = self.escaped, []
        assert not misuses, "KSR misused: " + "; ".join(misuses)
        assert not escaped, f"a callback raised: {escaped}"

    def send(
        self, to: Address, data: bytes, what: str, transaction: int | None = None, branch: int | None = None
    ) -> None:
        """Put a message on the wire."""
        self.traffic.append((self.listen, to, data))
        self.sent.append(Sent(to, data, what, transaction, branch))
