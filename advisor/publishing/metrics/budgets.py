"""Budgets of the current month and the target costs of projects; people set only a few."""

from collections.abc import Iterator

from advisor.publishing.metrics import sample
from advisor.publishing.metrics.sample import Labels, MetricSample
from advisor.report.figures import Report
from ledger import clock


def samples(report: Report) -> Iterator[MetricSample]:
    """What each budget is, how much is spent and left, and when it runs out.

    An empty label means all, and not a word that a project might be called: two budgets never share
    a sample.
    """
    for budget in report.budgets:
        labels: Labels = (budget.provider, budget.model, budget.project, budget.workload)
        yield sample.from_text("budget_usd", labels, budget.amount_usd)
        yield sample.from_text("budget_spent_ratio", labels, budget.spent_ratio)
        yield sample.from_text("budget_remaining_usd", labels, budget.remaining_usd)
        if budget.runs_out_at is not None:
            seconds = clock.parse_rfc3339(budget.runs_out_at) // clock.SECOND_US
            yield MetricSample("budget_run_out_timestamp_seconds", labels, seconds)
    for owner in report.owners:
        if owner.target_usd is not None:
            yield sample.from_text("project_target_usd", (owner.project,), owner.target_usd)
