"""What four-letter words say, with what differs between any two servers blanked."""

import re

#: What may differ: times, ports, session ids, sizes, latencies, packet counts; queued is only
#: lowered after the reply has left.
BLANKS = [
    (r"Zookeeper version: .*", "Zookeeper version: V"),
    (r"zk_version\t.*", "zk_version\tV"),
    (r"\d+\.\d+\.\d+\.\d+:\d+", "ADDRESS:P"),
    (r"(clientPort|dataDirSize|dataLogSize|datadir_size|logdir_size)([=:] ?)\d+", r"\1\2N"),
    (r"(dataDir|dataLogDir)=.*/", r"\1=D/"),
    (r"Latency min/avg/max: \d+/\d+\.\d+/\d+", "Latency min/avg/max: L"),
    (r"(Received|Sent): \d+", r"\1: N"),
    (r"0x1[0-9a-f]{14}", "0xSESSION"),
    (r"\d expire at \w{3} \w{3} +\d+ \d\d:\d\d:\d\d \w+ \d{4}:", "E"),
    (r"(est|lresp|llat|minlat|avglat|maxlat|queued|recved|sent)=\d+", r"\1=N"),
    (r"Session Sets \(\d+\)/", "Session Sets (B)/"),
    (r"Zxid: 0x[0-9a-f]+", "Zxid: Z"),
    (r"zxid=0x[0-9a-f]{1,15}\b", "zxid=Z"),
    (r"Connections Sets \(\d+\)/\(\d+\)", "Connections Sets"),
]


def blanked(text: str) -> str:
    for pattern, replacement in BLANKS:
        text = re.sub(pattern, replacement, text)
    return text


def sections_sorted(text: str) -> str:
    """Different lines in no order: Java maps keyed by connection; sessions share an expiry bucket or do not."""
    return "\n".join(sorted(set(blanked(text).splitlines())))
