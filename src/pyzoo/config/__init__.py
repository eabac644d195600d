"""Settings: configuration files, -D properties and command lines become one frozen ServerConfig.

Everything here is text in, values out: no file is opened, no environment read. The rule that keeps it right is that
`keys` is the only list of keys, defaults and treatments; the parser, the warnings and docs/configuration.md all
read it there.
"""
