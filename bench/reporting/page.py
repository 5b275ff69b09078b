"""The generated part of docs/performance.md: tables and pictures from results."""

import os
import statistics

from reporting import plot as drawing
from reporting.figures import change, number
from reporting.plan import BALLAST, GROWTH_ROWS, PLOTS, ROWS
from reporting.presence import CHANGES, QUESTIONS

BEGIN = "<!-- What follows is written by bench/report. -->"
END = "<!-- Up to here. -->"


def table(heading, rows):
    lines = ["| " + " | ".join(heading) + " |", "|" + "---|" * len(heading)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def faults(results):
    """One sentence about what was lost, and one for each run that failed."""
    words = [f"{fault} {count:.0f}: {', '.join(map(str, key))}"
             for key, fault, count in results.faults()]
    lines = ["Nothing was lost, doubled, reordered or corrupted." if not words
             else "Not as it should be: " + "; ".join(words) + "."]
    if results.others() is not None:
        lines.append(f"Other work used {number(results.others())} cores meanwhile.")
    lines += [f"Left out: {', '.join(map(str, key))} ({why})." for key, why in results.failures]
    return "\n".join(lines)


def costs(results, brokers):
    rows = [[f"{row.name}: {what}", *(results.cell((row.name, name), figure) for name in brokers)]
            for row in ROWS for figure, what in row.figures]
    speeds = [[row.name, *(results.cell((row.name, name), "per_s") for name in brokers)]
              for row in ROWS if row.timed and "latency" not in row.name]
    costs_table = table(["", *brokers], rows)
    return (f"### What it costs the broker\n\n{costs_table}\n\n{faults(results)}\n\n"
            f"### Messages, or connections, a second\n\n"
            "Generator and broker share the machine: a fast broker is limited by the generator.\n\n"
            f"{table(['', *brokers], speeds)}\n")


def series_of(plot, results, brokers):
    for i, name in enumerate(brokers):
        for figure in plot.figures:
            points = [(x, results.median((plot.name, x, name), figure)) for x in plot.points]
            label = name if len(plot.figures) == 1 else f"{name}, {figure.split('_')[0]}"
            yield (label, [(x, y) for x, y in points if y], drawing.COLOURS[i],
                   figure != plot.figures[0])


def pictures(results, brokers, folder):
    """Writes them, and returns the Markdown that shows them, with the numbers in a table."""
    os.makedirs(folder, exist_ok=True)
    parts = ["### Pictures\n"]
    for plot in PLOTS:
        series = list(series_of(plot, results, brokers))
        if not any(points for _, points, _, _ in series):
            continue
        with open(os.path.join(folder, f"{plot.name}.svg"), "w", encoding="utf-8") as file:
            file.write(drawing.svg(plot.title, plot.x_label, plot.y_label, series))
        xs = sorted({x for _, points, _, _ in series for x, _ in points})
        rows = [[label, *(number(dict(points)[x]) if x in dict(points) else "-" for x in xs)]
                for label, points, _, _ in series]
        parts.append(f"![{plot.title}](performance/{plot.name}.svg)\n\n"
                     + table([f"{plot.y_label}, by {plot.x_label}", *map(drawing.short, xs)], rows)
                     + "\n")
    return "\n".join(parts) + "\n" + faults(results) + "\n"


def presence(results, recovered, devices):
    rows = []
    for status, since in CHANGES:
        for who in ("query", "watcher"):
            values = [results.median("presence", f"{status}_{who}_{which}_us")
                      for which in ("p50", "p99", "max")]
            rows.append([f"{status}, to a {who}, since {since}",
                         *(number(value / 1000) if value is not None else "-" for value in values)])
    asked = [[what, results.cell("presence", name + "_per_s"),
              results.cell("presence", name + "_cpu_us")] for name, what in QUESTIONS]
    heading = ["a change is visible, ms", "median", "p99", "slowest"]
    asked_heading = ["question", "a second", "CPU us of all roles, each"]
    text = f"### Presence\n\n{table(heading, rows)}\n\n{table(asked_heading, asked)}\n"
    if recovered:
        gone, back = ([f"{number(statistics.median(times))} ({number(min(times))} - "
                       f"{number(max(times))})"] for times in recovered)
        text += (f"\nA broker with {devices:,} devices is killed (six processes, default settings):"
                 "\n\n" + table(["", "ms"], [["until no question finds one of them online", *gone],
                                             ["they connect to the other broker: until all are "
                                              "online there", *back]]) + "\n")
    return text


def growth(results):
    names = [None, *(what for what, _ in BALLAST)]
    rows = []
    for row in GROWTH_ROWS:
        before = results.median((row.name, None), "broker_cpu_us")
        rows.append([row.name, *(
            results.cell((row.name, what), "broker_cpu_us")
            + (f", {change(before, results.median((row.name, what), 'broker_cpu_us'))}"
               if what else "") for what in names)])
    return ("### Much that is only there\n\nBroker CPU, us a message or connection, and the change."
            f"\n\n{table(['', 'nothing else', *names[1:]], rows)}\n\n{faults(results)}\n")


def replace(path, parts, note):
    """Writes the parts that were measured between the marks; others stay as they are."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if BEGIN not in text:
        text = text.rstrip("\n") + f"\n\n{BEGIN}\n{END}\n"
    head, rest = text.split(BEGIN, 1)
    inside, tail = rest.split(END, 1)
    kept = sections(inside)
    kept.update({name: f"<!-- {name} -->\n{body.rstrip()}\n\n{note}\n"
                 for name, body in parts.items()})
    order = ("costs", "pictures", "presence", "growth")
    body = "\n".join(kept[name] for name in order if name in kept)
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{head}{BEGIN}\n{body}{END}{tail}")


def sections(inside):
    """Name -> text, of what was written before."""
    found = {}
    for piece in inside.split("<!-- ")[1:]:
        name, _ = piece.split(" -->", 1)
        found[name] = "<!-- " + piece.rstrip() + "\n"
    return found
