"""What is asked: suite file, command line and environment -> one resolved run."""
