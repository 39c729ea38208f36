v=release-1.2.3-rc1
echo "${v#*-}" "${v##*-}" "${v%-*}" "${v%%-*}" "${v//[^0-9.]/}"
[[ $v == release-* ]] && IFS=.- read -r _ major minor patch rc <<< "$v" && echo "$major $minor $patch $rc"
printf -v padded '%05d' "$minor"; echo "$padded"
path=/a/b.c/d.tar.gz; echo "${path##*/}" "${path%/*}" "${path##*.}" "${path%%.*}"
s='  trim me  '; s=${s#"${s%%[![:space:]]*}"}; s=${s%"${s##*[![:space:]]}"}; echo "[$s]"
