package strictjson

import "bytes"

// words are the values of Python that JSON does not have.
var words = [][]byte{[]byte("NaN"), []byte("-Infinity"), []byte("Infinity")}

// Quote returns data with the words NaN, Infinity and -Infinity, which Python's json module writes for values and JSON
// does not have, in quotes: texts that say what stood there. Strings stay as they are, and so do lines. Without such
// words the result is data itself.
func Quote(data []byte) []byte {
	if !bytes.Contains(data, words[0]) && !bytes.Contains(data, words[2]) {
		return data
	}
	var out []byte
	kept := 0 // bytes of data that are in out
	quoted := false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == 'N' || c == 'I' || c == '-') && (i == 0 || !inWord(data[i-1])):
			if w := wordAt(data[i:]); w != nil {
				out = append(append(append(append(out, data[kept:i]...), '"'), w...), '"')
				i += len(w) - 1
				kept = i + 1
			}
		}
	}
	return append(out, data[kept:]...)
}

// wordAt is the word that data begins with, nil if there is none.
func wordAt(data []byte) []byte {
	for _, w := range words {
		if bytes.HasPrefix(data, w) && (len(data) == len(w) || !inWord(data[len(w)])) {
			return w
		}
	}
	return nil
}

func inWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '.' || c == '-' ||
		c == '+'
}
