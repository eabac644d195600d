"""Settings: configuration files, -D properties and command lines become one frozen ServerConfig.

Everything here is text in, values out: no file is opened, no environment read. The rule that keeps it right:
`key_table` is the only list of keys and of what is done with them; the parser, the warnings and
docs/configuration.md read it there.
"""
