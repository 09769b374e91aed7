"""Decoders: an encoded window and what is known of each future step become P numbers per step.

========================  ==============================================================================
`direct`                  every step from the final state, all at once
`autoregressive`          one step after another, each reading the value before it
`segment`                 patches of several steps, all decoded at once from the final state
`attentive`               a second recurrent layer over the future that looks back at every past state
========================  ==============================================================================
"""
