"""What ends an agent, as one sentence for whoever started it."""


class AgentError(Exception):
    """The agent cannot do its work; the message says why and what to do."""
