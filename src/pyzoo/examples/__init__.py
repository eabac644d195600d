"""What ZooKeeper is for: short programs on kazoo, each with its explanation, that show it with several processes.

`python -m pyzoo.examples` lists them, `python -m pyzoo.examples lock` runs one. A file here is an example: first what
it teaches, then the recipe, then `show`, which is the play. Apart from that are `actor.py` (the side of a process that
plays a part), `stage.py` (the side that starts, kills and judges) and `catalog.py`.
"""
