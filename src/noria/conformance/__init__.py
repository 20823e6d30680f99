"""Does a server speak Open Inference v2? A suite of checks that runs against any address.

The specification: https://github.com/open-inference/open-inference-protocol
"""
