"""The record language: what is on the wire and in the files, byte by byte.

`schema` describes every record in Construct; `generate` turns that description into the straight-line
codec in `records`, which is what servers run. Nothing here knows what a record means.
"""
