exec 7< <(printf 'one\ntwo\n'); read -r -u 7 a; read -r b <&7; exec 7<&-; echo $a $b
