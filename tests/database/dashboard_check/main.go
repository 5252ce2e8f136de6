// Checks dashboards of Grafana: dashboard_check FILE... Each must be what Grafana's own schema
// knows, without a key that it does not, and must name no data source but its variable.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

const variable = "${datasource}"

// The SDK returns an empty list of errors where there is none.
func orNil(err error) error {
	var errs cog.BuildErrors
	if errors.As(err, &errs) && len(errs) == 0 {
		return nil
	}
	return err
}

func checkSource(what string, uid any) error {
	if uid != variable {
		return fmt.Errorf("%s names the data source %v, not %s", what, uid, variable)
	}
	return nil
}

func checkPanel(panel *dashboard.Panel) error {
	title := "a panel"
	if panel.Title != nil {
		title = "panel " + *panel.Title
	}
	if _, found := cog.ConfigForPanelcfgVariant(panel.Type); !found {
		return fmt.Errorf("%s is of no known type: %s", title, panel.Type)
	}
	if panel.Datasource == nil || panel.Datasource.Uid == nil {
		return fmt.Errorf("%s names no data source", title)
	}
	if err := checkSource(title, *panel.Datasource.Uid); err != nil {
		return err
	}
	if len(panel.Targets) == 0 {
		return fmt.Errorf("%s has no query", title)
	}
	for _, target := range panel.Targets {
		query, ok := target.(variants.UnknownDataquery)
		if !ok {
			return fmt.Errorf("%s: a query is not of PostgreSQL", title)
		}
		source, _ := query["datasource"].(map[string]any)
		if err := checkSource(title, source["uid"]); err != nil {
			return err
		}
		if sql, _ := query["rawSql"].(string); sql == "" {
			return fmt.Errorf("%s: a query has no rawSql", title)
		}
	}
	return nil
}

func check(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var strict, board dashboard.Dashboard
	if err := orNil(strict.UnmarshalJSONStrict(text)); err != nil {
		return err
	}
	// What it kept is not all: it drops panels with such an empty list.
	if err := json.Unmarshal(text, &board); err != nil {
		return err
	}
	if err := orNil(board.Validate()); err != nil {
		return err
	}
	if len(board.Panels) == 0 {
		return fmt.Errorf("no panels")
	}
	for _, panel := range board.Panels {
		if panel.Panel == nil {
			return fmt.Errorf("rows of panels are not expected")
		}
		if err := checkPanel(panel.Panel); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	plugins.RegisterDefaultPlugins()
	for _, file := range os.Args[1:] {
		if err := check(file); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", file, err)
			os.Exit(1)
		}
		fmt.Printf("%s: as the schema has it\n", file)
	}
}
