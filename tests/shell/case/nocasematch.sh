shopt -s nocasematch
case ABC in abc) echo match;; esac
[[ ABC == abc ]] && echo cond
