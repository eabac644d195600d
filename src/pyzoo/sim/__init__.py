"""The simulator: whole ensembles in one thread, where time is a number and one seed decides everything.

    world      the heap of events, virtual time, chance
    network    connections that deliver late, in pieces, in part, or not at all
    disk       files that a crash loses or tears, the log that syncs in its own time
    ensemble   members that crash, stop and come back, with all their options
    workload   clients that talk bytes and remember what they were told
    nemesis    what goes wrong, and when
    checkers   what must hold after every event, one rule a file
    mutations  bugs planted on purpose: the checkers have to find them

The rule: nothing here looks at a real clock or file, and nothing is decided but by the world's chance, so that a
seed is a complete description of a run.
"""
