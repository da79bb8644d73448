package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/realtimectl/realtimectl/internal/devcert"
)

func (a *app) certsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "certs [COMMAND]",
		Short: "Show the certificate authority of `serve --https`",
		Long: `It is made when https is first used, for this user alone, and may sign only for
localhost, private names and private addresses. Browsers warn until they trust it:
trust and untrust print the commands for that, and run them only with --run.`,
		Example: `realtimectl certs
realtimectl certs trust
realtimectl certs trust --run
realtimectl certs untrust --run`,
		Args: a.knownCommand,
		RunE: func(*cobra.Command, []string) error { return a.certs(asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it for programs")
	cmd.AddCommand(
		a.certsChange("trust", "Print what makes this machine's browsers trust it", (*devcert.Authority).Trust),
		a.certsChange("untrust", "Print what takes that back", (*devcert.Authority).Untrust),
		&cobra.Command{
			Use:     "path",
			Short:   "Print the file of the authority's certificate",
			Long:    "For curl --cacert and NODE_EXTRA_CA_CERTS. The file holds no secret; it is made if there\nis none yet.",
			Example: "realtimectl certs path",
			Args:    noArguments,
			RunE: func(*cobra.Command, []string) error {
				authority, err := openAuthority()
				if err != nil {
					return err
				}
				a.printf("%s\n", authority.File())
				return nil
			},
		})
	return cmd
}

// certsReport is what `certs --json` prints.
type certsReport struct {
	Exists      bool   `json:"exists"`
	File        string `json:"file"`
	Name        string `json:"name,omitempty"`
	Fingerprint string `json:"fingerprint,omitempty"`
}

func (a *app) certs(asJSON bool) error {
	dir, err := devcert.DefaultDir()
	if err != nil {
		return fmt.Errorf("certs: %w", err)
	}
	report := certsReport{File: filepath.Join(dir, devcert.PublicFile)}
	if report.Exists, err = exists(report.File); err != nil {
		return fmt.Errorf("certs: %w", err)
	}
	if report.Exists {
		authority, err := devcert.Open(dir)
		if err != nil {
			return fmt.Errorf("certs: %w", err)
		}
		report.Name, report.Fingerprint = authority.Name(), authority.Fingerprint()
	}
	if asJSON {
		return a.writeJSON(report)
	}
	if !report.Exists {
		a.printf("no authority yet; `realtimectl serve --https` makes one\n")
		return nil
	}
	a.printf("%s\nfile         %s\nfingerprint  %s\n", report.Name, report.File, report.Fingerprint)
	return nil
}

func exists(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// certsChange is trust or untrust.
func (a *app) certsChange(name, short string, plan func(*devcert.Authority, devcert.Machine) []devcert.Command) *cobra.Command {
	var really bool
	cmd := &cobra.Command{
		Use:     name,
		Short:   short,
		Long:    "Nothing is changed without --run. Commands for the system ask for your password.",
		Example: fmt.Sprintf("realtimectl certs %s\nrealtimectl certs %s --run", name, name),
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			authority, err := openAuthority()
			if err != nil {
				return err
			}
			machine, err := devcert.ThisMachine()
			if err != nil {
				return fmt.Errorf("certs: %w", err)
			}
			return a.changeTrust(cmd.Context(), authority, plan(authority, machine), name, really)
		},
	}
	cmd.Flags().BoolVar(&really, "run", false, "run the commands instead of only printing them")
	return cmd
}

func openAuthority() (*devcert.Authority, error) {
	dir, err := devcert.DefaultDir()
	if err != nil {
		return nil, fmt.Errorf("certs: %w", err)
	}
	authority, err := devcert.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("certs: %w", err)
	}
	return authority, nil
}

// changeTrust prints the commands, which can be pasted into a shell as they are, and runs
// them if the user said so.
func (a *app) changeTrust(ctx context.Context, authority *devcert.Authority, list []devcert.Command, name string, really bool) error {
	if len(list) == 0 && name == "untrust" {
		a.printf("# nothing to take back: no place we know trusts %s\n", authority.File())
		return nil
	}
	if len(list) == 0 {
		return failure(exitFailure, errors.New("no place is known where this system keeps its authorities"),
			"import "+authority.File()+" in your browser's settings: it is the certificate of an authority")
	}
	for _, c := range list {
		a.printf("# %s\n%s\n", c.Why, c)
	}
	if !really {
		a.printf("\n# Nothing was changed; `realtimectl certs %s --run` runs these.\n", name)
		return nil
	}
	if err := devcert.Run(ctx, list, a.in, a.streams.err); err != nil {
		return failure(exitFailure, fmt.Errorf("certs %s: %w", name, err), "the commands that did not fail are done; run the others by hand")
	}
	a.printf("\n# Done. Start your browser anew.\n")
	return nil
}
