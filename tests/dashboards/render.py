"""Draw the dashboards as Grafana would, to look at them:

    python -m tests.dashboards.render --viewer GRAFANA_VIEW_DIR --out x.png [--prometheus URL]

Without --prometheus it draws 28 days of made-up samples. The viewer needs `npm ci` and
`npm run build` once.
"""

import argparse
import contextlib
import subprocess
import tempfile
from pathlib import Path

from dashboards import catalogue
from tests.dashboards import past

MADE_UP_EVERY = f"{past.STEP.seconds // 60}m"


def main() -> int:
    """Draw the dashboard named by --uid; the exit status is 1 unless every panel has data."""
    parser = argparse.ArgumentParser(prog="python -m tests.dashboards.render", description=__doc__)
    parser.add_argument("--viewer", type=Path, required=True, help="a built copy of grafana-view")
    parser.add_argument(
        "--out", type=Path, required=True, help="the picture; a summary lies beside it as .json"
    )
    parser.add_argument(
        "--prometheus", help="address of a Prometheus; default: one with made-up samples"
    )
    parser.add_argument("--uid", default="switchwise-spend")
    parser.add_argument("--theme", choices=["dark", "light"], default="dark")
    parser.add_argument(
        "viewer_options", nargs="*", help="after --: options of render.mjs, such as --width 1280"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as stack:
        address = arguments.prometheus or stack.enter_context(past.Prometheus(days=28)).url
        files = {path.stem: path for path in catalogue.write(Path(scratch))}
        command = [
            "node",
            str(arguments.viewer.resolve() / "render.mjs"),
            str(files[arguments.uid]),
            "--prometheus",
            address,
            "--strict",
            "--out",
            str(arguments.out.resolve()),
            "--summary",
            str(arguments.out.resolve().with_suffix(".json")),
            "--theme",
            arguments.theme,
            *([] if arguments.prometheus else ["--scrape-interval", MADE_UP_EVERY]),
            *arguments.viewer_options,
        ]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
