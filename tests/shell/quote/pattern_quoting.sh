p='*' s='a*b?c'
echo "${s%%$p*}" "${s%%"$p"*}" "${s//"$p"/X}" "${s//$p/X}" "${s/\?/Q}"
b='[x]'
echo "${b#[}" "${b#\[}" "${b%"]"}" "${b//[[]/<}"
case $s in a"$p"b*) echo yes;; esac
case 'a\b' in a\\b) echo backslash;; esac
[[ $s == *"$p"b* && $s != "$p" ]] && echo cond
