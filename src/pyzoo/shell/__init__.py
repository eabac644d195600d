"""`pyzoo cli`: the operator's shell, with the commands of zkCli.sh 3.9.6 and some more.

A client like any other: it knows the servers by their protocol alone. Its connection and its session are kazoo's.
"""
