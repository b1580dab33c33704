"""The subcommands of `rlzero`, one module each: add_arguments(parser) and main(args) -> status."""
