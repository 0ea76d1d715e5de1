"""Wires the stages into one running pipeline; the only package that knows them all."""
