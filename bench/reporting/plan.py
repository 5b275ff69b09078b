"""What is measured: the rows of the table and the points of the plots, as arguments of
`muster bench`."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    arguments: str
    # (figure, what it is) each: a line of the table.
    figures: tuple = (("broker_cpu_us", "us a message"),)
    durable: bool = False
    timed: bool = True  # takes --seconds


MICROSECONDS = (("p50_us", "p50, us"), ("p99_us", "p99, us"), ("broker_cpu_us", "us a message"))

ROWS = (
    Row("50 pairs, QoS 0", "pairs"),
    Row("50 pairs, QoS 1", "pairs -q 1"),
    Row("50 pairs, QoS 2", "pairs -q 2"),
    Row("50 pairs, QoS 1, 4 KiB", "pairs -q 1 --payload 4096"),
    Row("50 pairs, QoS 1, MQTT 5", "pairs -q 1 -V 5"),
    Row("50 pairs, QoS 1, persistent sessions", "pairs -q 1 --persistent", durable=True),
    Row("1 publisher, 50 subscribers, QoS 0", "fan-out"),
    Row("50 publishers, 1 subscriber, QoS 0", "fan-in"),
    Row("10 publishers, 1,000 topics, 100 wildcard filters", "wildcards"),
    Row("latency at 1,000 messages a second", "latency --rate 1000", MICROSECONDS),
    Row("latency at 20,000 messages a second", "latency --rate 20000", MICROSECONDS),
    Row("connect and disconnect", "connect", (("broker_cpu_us", "us a connection"),)),
    Row("5,000 idle connections", "idle --connections 5000 --seconds 1",
        (("broker_bytes_each", "bytes each"),), timed=False),
    Row("20,000 retained topics", "retained",
        (("store_cpu_us", "us to store one"), ("broker_cpu_us", "us to read one")), timed=False),
    Row("20 sessions that are away, 5,000 messages each", "offline",
        (("queue_cpu_us", "us to keep one"), ("broker_cpu_us", "us to give it out")),
        durable=True, timed=False),
)


@dataclasses.dataclass(frozen=True)
class Plot:
    name: str
    title: str
    x_label: str
    arguments: str  # {x}: the point
    points: tuple
    y_label: str = "broker CPU, us a message"
    figures: tuple = ("broker_cpu_us",)  # a line of each broker for each
    latency: bool = False


PLOTS = (
    Plot("batch", "Cost by batch: 50 pairs, QoS 0, 64 B", "messages a write",
         "pairs --batch {x}", (1, 4, 16, 64, 256)),
    Plot("subscribers", "Cost by subscribers: 1 publisher, QoS 0, 64 B", "subscribers",
         "fan-out --subscribers {x} --window 64", (1, 10, 100, 1000, 4000)),
    Plot("topics", "Cost by topics: 50 pairs, QoS 0, 64 B", "topics",
         "pairs --topics {x}", (50, 500, 5000, 50_000, 500_000)),
    Plot("connections", "Cost by connections: pairs, QoS 0, 64 B, window 32", "connections",
         "pairs --publishers {half} --window 32", (20, 100, 400, 2000, 8000)),
    Plot("payload", "Cost by payload: 50 pairs, QoS 1", "bytes of payload",
         "pairs -q 1 --payload {x}", (16, 64, 256, 1024, 4096, 16_384, 65_536)),
    Plot("latency", "Latency by rate: 10 pairs, QoS 0, each message in its own write",
         "messages a second", "latency --rate {x}", (100, 1000, 5000, 20_000, 40_000),
         "microseconds", ("p50_us", "p99_us"), latency=True),
)

# What must not matter: (name, how it is laid down). The first tells two brokers apart that have
# nothing: what is less than that is noise.
BALLAST = (
    ("nothing else, another broker", None),
    ("1,000,000 idle subscriptions",
     "idle --connections 100 --filters 10000 --seconds 0.1 --hold"),
    ("1,000,000 retained topics",
     "retained --messages 1000000 --rounds 0 --payload 16 --publishers 4 --inflight 1000"),
    ("100,000 sessions that are away", "connect --messages 100000 --persistent --filters 1"),
)
GROWTH_ROWS = tuple(row for row in ROWS if row.arguments in (
    "pairs", "pairs -q 1", "pairs -q 1 --persistent", "fan-out", "wildcards", "connect"))
