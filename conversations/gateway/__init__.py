"""Texts about the gateway for users and operators: which models chat, what errors mean."""
