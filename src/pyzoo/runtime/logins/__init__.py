"""SASL logins: the JAAS file, and what clients and members log in with."""
