import re
from pathlib import Path

from pipeline.runs.history import write_index
from pipeline.runs.record import Run


def finished(
    output: Path, day: int, state: str = "pushed", mae: float | None = None, version: int | None = None
) -> str:
    run = Run(
        f"202601{day:02d}-000000", "t", state, f"2026-01-{day:02d}T00:00:00+00:00", {"labels": {"regression": "y"}}, {}
    )
    run.version = version
    if mae is not None:
        run.metrics = {"regression": {"mae": mae}, "classification": {"log_loss": None}}
    run.write(output)
    return run.id


def test_index_links_the_reports_that_exist_newest_first(tmp_path: Path):
    first, second, third = (
        finished(tmp_path, 1, mae=0.5, version=1),
        finished(tmp_path, 2, "failed"),
        finished(tmp_path, 3),
    )
    for run_id in (first, third):
        (tmp_path / "reports" / run_id).mkdir(parents=True)
        (tmp_path / "reports" / run_id / "report.html").write_text("<!doctype html>")
    index = write_index(tmp_path)
    assert index == tmp_path / "reports" / "index.html"
    html = index.read_text(encoding="utf-8")
    assert re.findall(r'<a href="(\S+/report\.html)">', html) == [f"{third}/report.html", f"{first}/report.html"]
    assert html.index(third) < html.index(f">{second}<")
    assert [entry.name for entry in index.parent.glob("index*")] == ["index.html"]


def test_a_metric_is_drawn_over_the_runs_that_have_it(tmp_path: Path):
    for day, mae, version in ((1, 0.5, 1), (2, None, None), (3, 0.25, None), (4, 0.125, 2)):
        finished(tmp_path, day, mae=mae, version=version)
    html = write_index(tmp_path).read_text(encoding="utf-8")
    assert html.count('role="img"') == 1  # no log loss is known
    assert "<title>MAE of y</title>" in html
    dots = re.findall(r'<circle cx="[\d.]+" cy="([\d.]+)" r="4" class="([\w ]+)"><title>(.*?)</title>', html)
    assert [(kind, said) for _, kind, said in dots] == [
        ("train", "20260101-000000: 0.5000, version 1"),
        ("train hollow", "20260103-000000: 0.2500, not pushed"),
        ("train", "20260104-000000: 0.1250, version 2"),
    ]
    heights = [float(y) for y, _, _ in dots]
    assert (heights[1] - heights[0]) / (heights[2] - heights[1]) == round(0.25 / 0.125)


def test_no_run_is_said(tmp_path: Path):
    assert "There is no run yet." in write_index(tmp_path).read_text(encoding="utf-8")
