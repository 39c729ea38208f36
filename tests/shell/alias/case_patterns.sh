shopt -s expand_aliases
alias pat=other
case pat in
  other) echo expanded ;;
  pat) echo literal ;;
esac
