"""Every command: its name, its one-line help, and the module of `cli.commands` that holds it.

The help of `switchwise` and of each group is printed from here, so that no command is loaded for
it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """A command.

    Its `help` is the first line of its function's docstring too; a test compares them.
    """

    name: str
    help: str
    module: str


@dataclass(frozen=True, slots=True)
class Group:
    """Commands about one subject, typed after its name: `switchwise keys list`."""

    name: str
    help: str
    commands: tuple[Command, ...]


SECTIONS: Mapping[str, Sequence[Command | Group]] = {
    "Start": (
        Command("up", "Run the whole product in one process group.", "up"),
        Command("import", "Import log files; importing again changes nothing.", "feed"),
        Command("tail", "Follow a log file as it is written, until stopped.", "feed"),
    ),
    "What was spent": (
        Command("report", "What a month costs, its forecast and its savings.", "report"),
        Command("explain", "The arithmetic behind a month or a recommendation.", "explain"),
        Command("export", "Write a month's review as files, with their hashes.", "export"),
        Group(
            "budget",
            "What a project, workload, model or everything may cost a month.",
            (
                Command("set", "Set a budget from a month on.", "budgets"),
                Command("list", "Every budget, and how it stands this month.", "budgets"),
                Command("remove", "End a budget from a month on.", "budgets"),
            ),
        ),
        Group(
            "owners",
            "Who answers for a project, and what it should cost a month.",
            (
                Command("set", "Set a project's owner, channel and target cost.", "owners"),
                Command("list", "Every owner, with channel and target cost.", "owners"),
                Command("remove", "Take a project's owner away.", "owners"),
            ),
        ),
        Command("close", "Freeze a finished month: its figures never change again.", "close"),
        Command("reprice", "Compare published figures with today's prices.", "reprice"),
    ),
    "What to move": (
        Command("advise", "What to move, what it saves at least, and until when.", "advise"),
        Command("whatif", "What moving one slice would save with your own factors.", "whatif"),
        Command("table", "Compare two models at monthly volumes and a blend.", "table"),
        Group(
            "trial",
            "Compare two models before traffic moves.",
            (
                Command("plan", "How many pairs a comparison needs, and what it costs.", "trial"),
                Command("run", "Run both models on your own prompts.", "trial_run"),
                Command("shadow", "Mirror a share of live traffic to the target.", "trial_shadow"),
            ),
        ),
        Group(
            "evidence",
            "Paired quality results: is the target good enough?",
            (
                Command("import", "Store paired results of two models.", "evidence"),
                Command("list", "Every comparison, the last measured first.", "evidence"),
                Command(
                    "withdraw", "Take a comparison back: its answers count no more.", "evidence"
                ),
            ),
        ),
    ),
    "What people decided": (
        Command("claim", "Take a recommendation on; its estimate is frozen.", "stages"),
        Command("unclaim", "Give a claim back.", "stages"),
        Command("dismiss", "Set a recommendation aside until a day.", "stages"),
        Command("undismiss", "Take a dismissal back before it ends.", "stages"),
        Group(
            "opt",
            "Places that get no advice, by a person's decision.",
            (
                Command("out", "Take a project, workload or model out of advice.", "opt_outs"),
                Command("in", "Take a place in again that was out of advice.", "opt_outs"),
                Command("list", "Every place that is out of advice, and why.", "opt_outs"),
            ),
        ),
        Command("pilot", "Record that part of the traffic runs on the target.", "stages"),
        Command("adopt", "Record that the traffic has moved to the target.", "stages"),
        Command("rollback", "Record that the traffic is back on the source.", "stages"),
    ),
    "Prices and names": (
        Group(
            "prices",
            "The price book.",
            (
                Command("list", "Every price, in USD per million tokens.", "prices"),
                Command("show", "The prices of one model at each provider.", "prices"),
                Command("set", "Set a list price of your own.", "prices"),
                Command("compile", "Compile the shipped price book.", "price_book"),
                Command("diff", "What compiling the price book would change.", "price_book"),
                Command("shutdowns", "Write the list of announced shutdowns.", "price_book"),
            ),
        ),
        Group(
            "contracts",
            "Negotiated prices: discounts off list prices, and fixed prices.",
            (
                Command("list", "Every contract with its days.", "contracts"),
                Command("discount", "Take a discount off list prices.", "contracts"),
                Command("price", "Fix what a model costs.", "contracts"),
                Command("commit", "Enter a cost that is not per token.", "fixed_costs"),
                Command("end", "End a contract on a day.", "contracts"),
            ),
        ),
        Group(
            "models",
            "Model names as they are sent, and what they stand for.",
            (
                Command("unmapped", "Names without a price in a month, and why.", "models"),
                Command("map", "Say which model a name stands for.", "models"),
                Command("unmap", "End what a name stands for.", "models"),
                Command("list", "What each name stands for, and since when.", "models"),
                Command("retiring", "Models in use that shut down, and what they cost.", "models"),
                Command(
                    "plan", "Where work on models that shut down can go, and by when.", "departures"
                ),
                Command("tiers", "Requests served at another tier than asked for.", "models"),
            ),
        ),
    ),
    "The ledger": (
        Command("rollup", "Roll up and compute statements and advice, now.", "rollup"),
        Command("verify", "Prove the ledger's invariants; exit 1 if one is broken.", "ledger"),
        Command("rebuild", "Repair the rollups from the raw events.", "ledger"),
        Command("retention", "Drop raw events that are old enough, now.", "ledger"),
        Group(
            "keys",
            "API keys with scopes.",
            (
                Command("create", "Make a key and print it; it is shown this once.", "keys"),
                Command("list", "Every key by its id, never its text.", "keys"),
                Command("rotate", "Make a new key like a live one and print it.", "keys"),
                Command("revoke", "End a key; it is refused within seconds.", "keys"),
            ),
        ),
    ),
    "Production": (
        Command("init", "Prepare an installation: tables, keys, dashboards.", "setup"),
        Command("serve", "Serve the collector or the advisor.", "serve"),
        Command("worker", "Run a Celery worker on Redis.", "workers"),
        Command("beat", "Run the scheduler on Redis.", "workers"),
        Command("migrate", "Create the tables or bring them up to date.", "ledger"),
        Command("doctor", "What is well and what is not; exit 1 if it fails.", "doctor"),
        Command("alerts", "Alerts that have not reached Slack, why, and what helps.", "alerts"),
        Command("jobs", "When each job last ran; exit 1 if one is overdue.", "setup"),
        Group(
            "dashboards",
            "The Grafana dashboards.",
            (
                Command("write", "Write the dashboards as JSON files.", "dashboards"),
                Command("publish", "Bring the dashboards of a Grafana up to date.", "dashboards"),
            ),
        ),
    ),
}


def paths() -> Iterator[tuple[tuple[str, ...], Command]]:
    """Every command with the words that it is called by, such as ("prices", "list")."""
    for entries in SECTIONS.values():
        for entry in entries:
            if isinstance(entry, Group):
                yield from (((entry.name, command.name), command) for command in entry.commands)
            else:
                yield (entry.name,), entry
