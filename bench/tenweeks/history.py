"""What `/metrics` said at many instants, as OpenMetrics text that a Prometheus takes in."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

TARGET_LABELS = {"job": "switchwise", "instance": "advisor-0:8080"}
"""What a Prometheus adds to every sample that it scrapes."""


@dataclass(slots=True)
class _Family:
    kind: str
    lines_by_series: dict[str, list[str]] = field(default_factory=dict)


@dataclass(slots=True)
class History:
    """The scrapes so far, all in memory: OpenMetrics wants each series in one piece."""

    _families: dict[str, _Family] = field(default_factory=dict)

    def add(self, text: str, instant: datetime) -> None:
        """Add what a scrape at an instant brought."""
        for family in text_string_to_metric_families(text):
            lines_by_series = self._families.setdefault(
                family.name, _Family(family.type)
            ).lines_by_series
            for sample in family.samples:
                series = _series(sample)
                line = f"{series} {sample.value!r} {instant.timestamp():.0f}\n"
                lines_by_series.setdefault(series, []).append(line)

    def write(self, path: Path) -> None:
        """Write all scrapes as one file."""
        with path.open("w", encoding="utf-8") as file:
            for name, family in self._families.items():
                file.write(f"# TYPE {name} {family.kind}\n")
                for lines in family.lines_by_series.values():
                    file.writelines(lines)
            file.write("# EOF\n")


def _series(sample: Sample) -> str:
    labels = sample.labels | TARGET_LABELS
    text = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{sample.name}{{{text}}}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
