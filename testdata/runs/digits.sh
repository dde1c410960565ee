# A score that is nothing but a function of the architecture: the length of its text after the first 4.
while read -r line; do
	rest=${line#*4}
	echo "{\"score\": ${#rest}}"
done
