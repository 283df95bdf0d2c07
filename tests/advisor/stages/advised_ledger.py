"""A ledger with one recommendation that is tried first: GPT-4.1 traffic of four weeks that Mini would serve."""

from advisor.advice import rendering
from advisor.advice.figures import RecommendationFigure
from advisor.stages import recommendations, store
from advisor.stages.change_requests import ChangeRequest
from advisor.stages.stored_recommendation import StoredRecommendation
from advisor.stages.transitions import Action, Stage
from ledger import clock
from ledger.database import Database
from ledger.events import Event
from tests import conftest, ledgers

NOW_US = clock.to_us(conftest.NOW)
TODAY = clock.day_of(NOW_US)


def traffic(
    days: range,
    model: str = "gpt-4.1",
    turns: int = 50,
    input_tokens: int = 400_000,
    hour: int = 5,
    **names: object,
) -> list[Event]:
    """So many requests on each of these days before today (0 is today), all in one hour of the day."""
    of = ledgers.labels(model=model, **names)
    return [
        ledgers.event(
            (TODAY - age) * clock.DAY_US + hour * clock.HOUR_US + turn,
            label_set=of,
            input_tokens=input_tokens,
        )
        for age in days
        for turn in range(turns)
    ]


def fill(database: Database) -> StoredRecommendation:
    """Store the traffic of four weeks, advise on it, and give the one recommendation."""
    ledgers.add(database, traffic(range(1, 29)))
    ledgers.settle(database)
    return only(database)


def only(database: Database) -> StoredRecommendation:
    """The one current recommendation."""
    with database.snapshot() as session:
        (found,) = recommendations.read_current(session)
    return found


def figure(database: Database) -> RecommendationFigure:
    """The one current recommendation as every face shows it."""
    return rendering.figure_of(only(database).recommendation)


def found(database: Database, recommendation_id: str) -> StoredRecommendation:
    """One recommendation, current or not."""
    with database.snapshot() as session:
        return recommendations.find(session, recommendation_id)


def change(
    database: Database,
    recommendation_id: str,
    action: Action,
    now_us: int | None = None,
    **more: object,
) -> tuple[Stage, int]:
    """Let ada do something with it, with what the action needs."""
    needs: dict[str, object] = {"share": "0.1"} if action == "pilot" else {}
    needs |= {"note": "exam season"} if action == "dismiss" else {}
    request = ChangeRequest(action=action, **{"by": "ada", **needs, **more})  # type: ignore[arg-type]  # a test that misspells fails at once
    with database.transaction() as session:
        return store.change(
            session, recommendation_id, request, clock.now_us() if now_us is None else now_us
        )
