package bench301

import "testing"

// TestKnownNetworks compares with the parameter counts of the DARTS evaluation networks (C = 36, 20 cells, affine
// normalisations, no auxiliary head) that the papers print: 3.3, 3.3, 3.4, 3.6 and 3.4 million. GDAS is printed with
// its auxiliary head left out as well.
func TestKnownNetworks(t *testing.T) {
	millions := map[string]float64{"DARTS_V1": 3.3, "DARTS_V2": 3.3, "P-DARTS": 3.4, "PC-DARTS": 3.6, "GDAS": 3.4}
	cfg := Config{Channels: 36, Layers: 20, Classes: 10, Height: 32, Width: 32, Variant: VariantDARTS}
	for _, k := range KnownNetworks(DARTS{}) {
		c, err := k.Architecture.Complexity(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if got := float64(c.Params) / 1e6; got < millions[k.Name]-0.2 || got > millions[k.Name]+0.1 {
			t.Errorf("%s: %.3f million parameters, the paper says %.1f", k.Name, got, millions[k.Name])
		} else {
			t.Logf("%s %s: %.3f million parameters, %d MACs", k.Name, k.Architecture.ID(), got, c.MACs)
		}
	}
	if id := KnownNetworks(DARTS{})[1].Architecture.ID(); id != "b149d8919d89ab39" {
		t.Errorf("DARTS_V2 has id %s", id)
	}
}
