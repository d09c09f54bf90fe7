// Package cli turns arguments into a call of one command, with options merged and checked.
//
// A program declares its [Command]s and calls [Main], which
//
//   - brings the arguments into one form ([Normalise]): prefixes, dashes, True and False, options after arguments,
//   - merges defaults, YAML and flags through package options, and refuses what is not built,
//   - runs the command and turns its error into a message and an exit code.
//
// Help, docs/cli.md, unknown-option suggestions and the exit code list are made from the same declarations.
//
//	os.Exit(cli.Main(ctx, os.Args[1:], os.Stdout, os.Stderr, cli.App{Commands: []cli.Command{
//		{Name: "train", Summary: "train a network", Acts: options.Train, Run: train},
//	}}))
package cli
