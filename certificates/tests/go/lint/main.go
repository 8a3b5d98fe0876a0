// Lint says what zlint finds in certificates and in lists of revoked certificates.
//
// It reads JSON from its standard input and writes JSON to its standard output, in the same order.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"

	"github.com/zmap/zcrypto/x509"
	"github.com/zmap/zlint/v3"
	"github.com/zmap/zlint/v3/lint"
)

// A Document is a certificate or a list of revoked certificates, in DER.
type Document struct {
	DER    []byte `json:"der"`
	IsList bool   `json:"is_list"`
}

// A Request names the documents, and the sources of the lints.
type Request struct {
	Sources   []string   `json:"sources"`
	Documents []Document `json:"documents"`
}

// An Opinion is what was found in one document.
type Opinion struct {
	Problem string `json:"problem"`
	// How many lints looked at it and found nothing.
	Passed   int       `json:"passed"`
	Findings []Finding `json:"findings"`
}

// A Finding is a lint that did not pass.
type Finding struct {
	Lint   string `json:"lint"`
	Status string `json:"status"`
	Says   string `json:"says"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	var request Request
	if err := json.NewDecoder(os.Stdin).Decode(&request); err != nil {
		return err
	}
	registry, err := registryOf(request.Sources)
	if err != nil {
		return err
	}
	opinions := make([]Opinion, 0, len(request.Documents))
	for _, document := range request.Documents {
		opinions = append(opinions, document.opinion(registry))
	}
	return json.NewEncoder(os.Stdout).Encode(opinions)
}

func registryOf(sources []string) (lint.Registry, error) {
	var options lint.FilterOptions
	for _, text := range sources {
		// FromString knows fewer of them.
		var source lint.LintSource
		if err := source.UnmarshalJSON([]byte(fmt.Sprintf("%q", text))); err != nil {
			return nil, err
		}
		options.IncludeSources = append(options.IncludeSources, source)
	}
	return lint.GlobalRegistry().Filter(options)
}

func (d Document) opinion(registry lint.Registry) Opinion {
	results, err := d.results(registry)
	if err != nil {
		return Opinion{Problem: err.Error(), Findings: []Finding{}}
	}
	opinion := Opinion{Findings: []Finding{}}
	for name, result := range results.Results {
		switch result.Status {
		case lint.NA, lint.NE:
		case lint.Pass:
			opinion.Passed++
		default:
			says := result.Details
			if known := lint.GlobalRegistry().CertificateLints().ByName(name); known != nil {
				says = known.Description + " " + says
			}
			opinion.Findings = append(opinion.Findings, Finding{name, result.Status.String(), says})
		}
	}
	sort.Slice(opinion.Findings, func(i, j int) bool { return opinion.Findings[i].Lint < opinion.Findings[j].Lint })
	return opinion
}

func (d Document) results(registry lint.Registry) (*zlint.ResultSet, error) {
	if d.IsList {
		list, err := x509.ParseRevocationList(d.DER)
		if err != nil {
			return nil, err
		}
		return zlint.LintRevocationListEx(list, registry), nil
	}
	certificate, err := x509.ParseCertificate(d.DER)
	if err != nil {
		return nil, err
	}
	return zlint.LintCertificateEx(certificate, registry), nil
}
