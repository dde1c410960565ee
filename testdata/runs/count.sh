# An estimator of one's own: the first four digits of the identity as a number; none where they begin with 9.
while read -r line; do
	id=${line#*'"id":"'}
	id=${id%%'"'*}
	[ -z "$PAUSE" ] || sleep "$PAUSE"
	case $id in
	9*) echo '{"error": "begins with 9"}' ;;
	*) echo "{\"score\": $((0x${id%????????????}))}" ;;
	esac
done
