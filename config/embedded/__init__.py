"""Development servers and the one command that starts everything: imports neither the apps nor LangGraph."""
