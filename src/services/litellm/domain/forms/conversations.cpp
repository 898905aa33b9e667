#include "services/litellm/domain/forms/conversations.hpp"

namespace seance::litellm {

void Conversations::keep(const std::string& scope, const std::string& id, Kept kept) {
    auto name = scope + "\n" + id;
    auto size = name.size() + kept.messages.size() + kept.response.size() + kept.input.size() +
                kept.steps.size() * sizeof(ResponseStep);
    if (size > most_) return;
    auto shared = std::make_shared<const Kept>(std::move(kept));
    std::lock_guard lock(mutex_);
    if (auto found = by_name_.find(name); found != by_name_.end()) drop(found->second);
    entries_.push_front({name, std::move(shared), size});
    by_name_[name] = entries_.begin();
    size_ += size;
    while (size_ > most_) drop(std::prev(entries_.end()));
}

std::shared_ptr<const Conversations::Kept> Conversations::find(const std::string& scope,
                                                               const std::string& id) {
    std::lock_guard lock(mutex_);
    auto found = by_name_.find(scope + "\n" + id);
    if (found == by_name_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->kept;
}

bool Conversations::forget(const std::string& scope, const std::string& id) {
    std::lock_guard lock(mutex_);
    auto found = by_name_.find(scope + "\n" + id);
    if (found == by_name_.end()) return false;
    drop(found->second);
    return true;
}

void Conversations::drop(std::list<Entry>::iterator entry) {
    size_ -= entry->size;
    by_name_.erase(entry->name);
    entries_.erase(entry);
}

Conversations& conversations() {
    static Conversations all;
    return all;
}

}  // namespace seance::litellm
