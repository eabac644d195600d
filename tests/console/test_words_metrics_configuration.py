"""Four-letter words, metrics and settings as pages."""

from pathlib import Path

import pytest

from pyzoo.metric_table import METRICS, Owner
from pyzoo.server.operators.words import COMMANDS, LONG_COMMANDS
from pyzoo.testing import EmbeddedServer
from tests.console.conftest import Start
from tests.support.console import ask


@pytest.fixture(scope="module")
def server(start_shared: Start) -> EmbeddedServer:
    return start_shared(
        **{"4lw_commands_whitelist": "mntr,conf,dump,srst,envi,ruok,stat,cons,hash,wchs,wchc,wchp,dirs,isro,gtmk"}
    )


# --- words


def test_all_words_are_listed_with_what_the_whitelist_says(server: EmbeddedServer) -> None:
    words = {each["word"]: each["on"] for each in ask(server.admin_port, "/console/api/words").json["words"]}
    assert {*COMMANDS, *LONG_COMMANDS, "stmk"} == set(words)
    assert (True, True, False) == (words["mntr"], words["srvr"], words["crst"])
    assert 2 == ask(server.admin_port, "/console/words").text.count('<span class="muted">off</span>')


@pytest.mark.parametrize(
    "word", "mntr conf dump envi ruok stat cons hash wchs wchc wchp dirs isro gtmk srvr".split()
)  # fmt: skip
def test_a_word_that_is_on_answers_as_at_the_client_port(server: EmbeddedServer, word: str) -> None:
    answer = ask(server.admin_port, f"/console/api/words?word={word}")
    assert (200, False) == (answer.status, answer.json["is_cut"])
    begins = {"srvr": "Zookeeper version: ", "mntr": "zk_version\t", "ruok": "imok", "conf": "clientPort="}
    assert answer.json["answer"].startswith(begins.get(word, ""))
    assert 200 == ask(server.admin_port, f"/console/words?word={word}").status


@pytest.mark.parametrize(("word", "status"), [("crst", 403), ("srst", 403), ("nope", 404)])
def test_a_word_that_is_off_or_changes_something_is_refused(server: EmbeddedServer, word: str, status: int) -> None:
    assert status == ask(server.admin_port, f"/console/words?word={word}").status


def test_asking_leaves_no_connection_behind(server: EmbeddedServer) -> None:
    assert "Clients:\n\n" in ask(server.admin_port, "/console/api/words?word=stat").json["answer"]


# --- metrics


def test_every_metric_has_a_row_with_its_meaning(console: EmbeddedServer) -> None:
    rows = {each["name"]: each for each in ask(console.admin_port, "/console/api/metrics").json["metrics"]}
    missing = {metric.name for metric in METRICS if metric.owner is not Owner.OWN} - rows.keys()
    of_an_ensemble = {name for name in missing if "learner" in name or "synced" in name or "quorum" in name}
    assert missing - of_an_ensemble <= {
        "pending_syncs",
        "leader_uptime",
        "last_proposal_size",
        "max_proposal_size",
        "min_proposal_size",
    }
    assert ("gauge", 5) == (rows["znode_count"]["kind"], rows["znode_count"]["value"])
    assert "p99" in rows["readlatency"]["value"]


def test_metrics_are_filtered_and_those_that_stay_0_are_left_out(console: EmbeddedServer) -> None:
    page = ask(console.admin_port, "/console/metrics?filter=znode").text
    assert "<code>znode_count</code>" in page
    assert "readlatency" not in page
    assert "response_packet_cache_hits" not in ask(console.admin_port, "/console/metrics").text
    assert "response_packet_cache_hits" in ask(console.admin_port, "/console/metrics?idle=true").text


# --- configuration


def test_settings_have_values_origins_and_no_secrets(start: Start, tmp_path: Path) -> None:
    server = start(
        tmp_path, snapCount=1234, ssl_keyStore_password="hush", DigestAuthenticationProvider_superDigest="s:ec"
    )
    settings = {each["key"]: each for each in ask(server.admin_port, "/console/api/configuration").json["settings"]}
    assert ("1234", "-Dzookeeper.snapCount") == (settings["snapCount"]["value"], settings["snapCount"]["origin"])
    assert ("***", "***") == (
        settings["ssl.keyStore.password"]["value"],
        settings["DigestAuthenticationProvider.superDigest"]["value"],
    )
    assert "default" == settings["fsync.warningthresholdms"]["origin"]
    assert str(tmp_path) == settings["dataDir"]["value"]
    page = ask(server.admin_port, "/console/configuration").text
    assert "<code>snapCount</code>" in page
    assert "fsync.warningthresholdms" not in page
    assert "fsync.warningthresholdms" in ask(server.admin_port, "/console/configuration?all=true").text
    assert "hush" not in page
