package store_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"rwe301/store"
)

// A score is kept, found again by a later run, and written as CSV.
func ExampleOpenJSONL() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path, score := filepath.Join(dir, "scores.jsonl"), 0.47
	record := store.Record{
		Arch: "[[(0, 3), ...]]", ID: "aed66a09d066ac5f", Estimator: "rwe", Settings: json.RawMessage(`{"channels":16}`),
		SettingsHash: "9a0b", Seed: 1, Score: &score, Seconds: 0.2, Status: store.OK, Code: "v1", CPU: "AMD EPYC",
	}

	first, err := store.OpenJSONL(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(first.Put(record), first.Close())

	later, err := store.OpenJSONL(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer later.Close()
	known, ok, err := later.Get(record.Key())
	fmt.Println(*known.Score, ok, err)
	fmt.Println(store.Export(os.Stdout, store.FormatCSV, later.All(), true))
	// Output:
	// <nil> <nil>
	// 0.47 true <nil>
	// arch,id,estimator,settings,settings_hash,dataset,seed,score,seconds,status,error,code,cpu,cpu_seconds
	// "[[(0, 3), ...]]",aed66a09d066ac5f,rwe,"{""channels"":16}",9a0b,,1,0.47,0.2,ok,,v1,AMD EPYC,
	// <nil>
}
